"""From an article revision to ranked passages: chunk, embed, index, rank."""
