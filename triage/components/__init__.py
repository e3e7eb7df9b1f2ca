"""The steps of triage as Haystack components: frozen facts in, frozen findings out, no writes."""
