"""How findings are shown: to people, to programs, to code hosts."""
