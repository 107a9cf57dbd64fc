"""What is told to W&B: runs of training and of evaluation, the workspace and the report that compare them."""
