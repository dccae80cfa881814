"""Who may use the dashboard: users with a password and a role, and the logins of their browsers.

`users` is the file of users, `logins` are the browsers that are logged in, `session` tells whose session runs now.
None of it imports Panel before a session asks.
"""
