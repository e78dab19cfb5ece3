"""The endurance check: many changes while servers and services are killed; nothing may be lost."""
