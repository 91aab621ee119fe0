"""What `bccd doctor` looks at, by what it concerns; each check tells what it found and what to do."""
