does = dich an etwas erinnern
usage =
    Schreib, wann und woran, zum Beispiel:
    /remind 10m Tee herausnehmen

    Zeiten sind Minuten, Stunden oder Tage: 10m, 2h, 1d; höchstens 30 Tage.
what = Woran soll ich dich erinnern?
when = Wann soll ich dich erinnern: { $text }
after-10m = In 10 Minuten
after-1h = In einer Stunde
after-1d = Morgen um diese Zeit
noted-m = Ich erinnere dich in { $count ->
    [one] { $count } Minute
   *[other] { $count } Minuten
}.
noted-h = Ich erinnere dich in { $count ->
    [one] { $count } Stunde
   *[other] { $count } Stunden
}.
noted-d = Ich erinnere dich in { $count ->
    [one] { $count } Tag
   *[other] { $count } Tagen
}.
due = Du wolltest erinnert werden: { $text }
