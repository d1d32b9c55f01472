"""What runs the product on this machine: the local stack and a simulated TikTok."""
