"""What reps do, a function for each verb."""
