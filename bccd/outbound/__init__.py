"""What goes out: notices to users, through a smarthost of the operator's."""
