"""Privacy and security: features that nobody learnt, a promise with an account, who was in the training data, sites that
learn together, and records that only some may read."""
