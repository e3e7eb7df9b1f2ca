"""What the machine thinks: reading, classifying, drafting and measuring. It proposes and cannot reach a customer."""
