"""Who may ask the server of the dashboard, and for what: the same rules however it was started.

`hosts` is light to import; `router.install` puts the rules in front of Bokeh's routes.
"""
