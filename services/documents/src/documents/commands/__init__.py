"""Commands that bring files in and out, over the same REST door as everybody else."""
