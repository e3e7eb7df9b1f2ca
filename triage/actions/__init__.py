"""Every write of triage, one function each."""
