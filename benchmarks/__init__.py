"""What `make bench` measures: each figure beside a yardstick taken in the same run."""
