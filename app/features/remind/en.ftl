# Completes "/remind – …".
does = remind you of something
# After /remind without what it needs.
usage =
    Write when and of what, for example:
    /remind 10m take the tea out

    Times are minutes, hours or days: 10m, 2h, 1d; 30 days at most.
noted-m = I will remind you in { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}.
noted-h = I will remind you in { $count ->
    [one] { $count } hour
   *[other] { $count } hours
}.
noted-d = I will remind you in { $count ->
    [one] { $count } day
   *[other] { $count } days
}.
due = You asked me to remind you: { $text }
