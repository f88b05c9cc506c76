does = eine Datei oder ein Video von einem Link; der Link allein tut dasselbe
usage = Schick mir einen Link zu einer Datei, zum Beispiel: /download https://example.com/video.mp4
private = Schreib mir dafür privat.
no-link = Das ist kein Link, den ich holen kann. Er muss mit http:// oder https:// beginnen.
ask-file = Soll ich das von { $host } für dich holen?
ask-quality = Wie möchtest du das von { $host }?
fetch = Hol es
as-best = Beste Qualität
as-small = Kleinere Datei
as-sound = Nur den Ton
leave = Nein, danke
left = In Ordnung, nichts wird geholt.
agreed = Abgemacht.
quota = Du hattest { $limit ->
    [one] deinen { $limit } Download
   *[other] deine { $limit } Downloads
} der letzten 24 Stunden. Bitte komm später wieder.
running = Es ist schon einer für dich in Arbeit. Bitte warte darauf oder brich ihn ab.
busy = Im Moment werden zu viele Dateien geholt. Bitte versuch es in ein paar Minuten noch einmal.
ordered = Dein Download wartet, bis er an der Reihe ist.
begun = Deine Datei wird geholt.
progress = Deine Datei wird geholt: { $percent } %.
sending = Deine Datei ist da und auf dem Weg zu dir.
# Zu groß für den Chat.
keeping = Deine Datei ist da, aber zu groß für einen Chat. Sie wird dort abgelegt, wo du sie mit einem Link holen kannst.
kept =
    { $name } ({ $size } MB) ist zu groß für einen Chat. Hier kannst du die Datei holen, { $hours ->
        [one] { $hours } Stunde
       *[other] { $hours } Stunden
    } lang:
    { $link }
    Wer diesen Link hat, kann die Datei holen.
# Ein Knopf darunter.
revoke = Jetzt löschen
revoked = Gelöscht. Der Link führt nirgendwohin mehr.
link-over = Dieser Link ist schon vorbei.
link-ends = Dein Link zu { $name } läuft bald ab. Wenn du die Datei noch brauchst, hol sie jetzt.
cancel = Abbrechen
too-late = Zum Abbrechen ist es zu spät: die Datei ist auf dem Weg zu dir, oder es ist vorbei.
cancelled = Abgebrochen. Es zählt nicht als einer deiner Downloads.
caption-again = (noch einmal: es war nicht sicher, ob sie angekommen ist)
done = Fertig. { $left ->
    [0] Das war dein letzter Download für diese 24 Stunden.
    [one] Du kannst in diesen 24 Stunden noch { $left } haben.
   *[other] Du kannst in diesen 24 Stunden noch { $left } haben.
}
failed-address = Dieser Link führt an einen Ort, zu dem ich nicht darf. Geholt wird nur von Websites im öffentlichen Internet.
failed-unreachable = Unter dieser Adresse antwortet niemand. Bitte prüf den Link.
failed-gone = Unter diesem Link ist nichts mehr.
failed-refused = Diese Seite lässt mich nicht hinein. Viele große Seiten weisen ab, wer wie ich aus einem Rechenzentrum fragt; das kann ich nicht ändern.
failed-crowded = Diese Seite bittet mich, langsamer zu kommen. Bitte versuch es später noch einmal.
failed-failed = Diese Seite hat beim Senden der Datei versagt. Bitte versuch es später noch einmal.
failed-large = Diese Datei ist zu groß, als dass ich sie schicken kann.
failed-late = Das hat zu lange gedauert und wurde beendet.
failed-circles = Dieser Link führt im Kreis.
failed-packed = Diese Datei ist auf eine Weise gepackt, die ich nicht öffne.
failed-empty = In dieser Datei ist nichts.
failed-several = Dieser Link führt zu mehreren Videos. Bitte schick mir den Link von einem davon.
failed-live = Das wird gerade übertragen. Bitte komm wieder, wenn es vorbei ist.
failed-page = Dieser Link führt auf eine Seite, nicht zu einer Datei. Ich kann nur Links holen, die zu einer Datei selbst führen.
failed-unsupported = Auf dieser Seite finde ich kein Video und keine Datei.
failed-unknown = Es ist nicht sicher, ob die Datei bei dir angekommen ist. Wenn nicht, schick mir den Link noch einmal.
failed-untaken = Telegram nimmt diese Datei nicht an.
failed-off = Es kann nichts mehr geholt werden.
failed-broken = Das hat nicht geklappt, und jemand weiß davon. Es zählt nicht als einer deiner Downloads.
