"""What mail clients write, as data: a module for each source; clients and languages are added as rows."""
