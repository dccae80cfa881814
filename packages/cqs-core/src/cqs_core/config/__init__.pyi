from .variables import bucket_url as bucket_url
