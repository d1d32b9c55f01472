"""How AWS is called."""

from botocore.config import Config

AWS_CONFIG = Config(connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 3})
"""AWS answers in milliseconds; a longer wait would only use up the request's time."""
