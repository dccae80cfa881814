"""Which requests the dashboard's server accepts: the same rules however it was started.

`hosts` is light to import; `router.install` puts the rules in front of Bokeh's routes.
"""
