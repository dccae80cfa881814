from .folders import cache_folder as cache_folder
from .folders import data_folder as data_folder
from .folders import state_folder as state_folder
from .variables import bucket_url as bucket_url
