"""What customers see: accounts, requests, messages and mail; also the Django project itself."""
