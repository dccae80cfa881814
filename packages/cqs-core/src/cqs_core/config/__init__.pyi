from .in_force import SettingInForce as SettingInForce
from .in_force import setting_warnings as setting_warnings
from .in_force import settings_in_force as settings_in_force
from .variables import bucket_url as bucket_url
