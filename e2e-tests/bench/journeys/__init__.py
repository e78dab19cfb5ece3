"""What people do all day, through the public door, against figures of what they use today."""
