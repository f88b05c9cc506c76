# Completes "/remind – …".
does = remind you of something
# After /remind and something that it cannot read.
usage =
    Write when and of what, for example:
    /remind 10m take the tea out

    Times are minutes, hours or days: 10m, 2h, 1d; 30 days at most.
# After /remind alone: the next message of the person answers it.
what = What shall I remind you of?
when = When shall I remind you: { $text }
# On buttons.
after-10m = In 10 minutes
after-1h = In an hour
after-1d = Tomorrow at this time
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
