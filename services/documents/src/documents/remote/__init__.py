"""What commands do from outside, over the same REST door as everybody else."""
