"""The console's pages: each parses, calls one function, and presents."""
