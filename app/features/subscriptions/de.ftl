does-plans = Pläne und was sie kosten
does-access = was du hast und bis wann
private = Schreib mir privat: Pläne sind unter uns.
closed = Gerade kann kein Plan gekauft werden. Was du bezahlt hast, läuft weiter: /access
no-plans = Gerade gibt es keine Pläne. Was du bezahlt hast, läuft weiter: /access
offer = Welcher Plan? Womit du zahlst, wird gefragt, bevor etwas genommen wird.
plan = { $plan }: { $credits ->
    [one] { $credits } Credit
   *[other] { $credits } Credits
} für { $period }
days = { $count ->
    [one] { $count } Tag
   *[other] { $count } Tage
}
hours = { $count ->
    [one] { $count } Stunde
   *[other] { $count } Stunden
}
minutes = { $count ->
    [one] { $count } Minute
   *[other] { $count } Minuten
}
credits-button = { $plan }: { $credits ->
    [one] { $credits } Credit
   *[other] { $credits } Credits
}
stars-button = { $plan }: { $price } ⭐️ jeden Monat
trial-button = { $plan } testen, { $period }, kostenlos
gone = Diesen Plan gibt es nicht mehr, und es wurde nichts genommen. /plans zeigt die, die es gibt.
trial-begun = Dein Test läuft bis { $until }. Er kostet nichts und endet von selbst. Dein Zugang kommt gleich.
trial-had = Testen kann man einmal, und du hast schon. Es wurde nichts genommen. /plans zeigt, was es gibt.
begun = { $credits ->
    [one] { $credits } Credit ist
   *[other] { $credits } Credits sind
} für deinen Plan vorgemerkt und werden genommen, wenn er gleich beginnt.
missing = { $missing ->
    [one] Dir fehlt { $missing } Credit.
   *[other] Dir fehlen { $missing } Credits.
} Es wurde nichts genommen. Schick /topup: Sind die Credits innerhalb einer halben Stunde da, beginnt dein Plan von selbst.
running = Du zahlst schon ein Abo mit Sternen, und es wurde nichts weiter genommen. /subscription zeigt es.
stars-link = { $price } Sterne jetzt und wieder alle 30 Tage, bis du kündigst. Jede Zahlung bringt { $credits } Credits, die deinen Plan bezahlen.
link-button = Abonnieren für { $price } ⭐️ im Monat
paid = Beleg: { $plan } ist mit { $credits } Credits bezahlt und läuft bis { $until }. Dein Zugang kommt gleich. /access
prolonged = Beleg: { $plan } ist mit { $credits } Credits bezahlt und läuft nun bis { $until }. /access
late = Dein Plan konnte nicht rechtzeitig beginnen. Es wurden keine Credits genommen: Die vorgemerkten gehören wieder dir. /plans
given =
    Dein Zugang, bis { $until }:
    { $link }
grace = { $plan } ist abgelaufen und wurde nicht wieder bezahlt. Es wurde nichts genommen. Dein Zugang bleibt bis { $until }: /plans
over = { $plan } ist abgelaufen und dein Zugang auch. Es wurde nichts genommen. /plans zeigt, wie es weitergeht.
trial-over = Dein Test von { $plan } ist vorbei. Es wurde nichts genommen. /plans zeigt, wie es weitergeht.
ends-soon = { $plan } läuft bis { $until }. Noch einmal kostet es { $credits } Credits: /plans. Was dann geschieht, entscheidest du: /access
trial-ends = Dein Test von { $plan } endet { $until }, von selbst und kostenlos. Weiter geht es für { $credits } Credits: /plans
unpaid = { $plan } konnte nicht verlängert werden: Es kostet { $credits } Credits, und { $missing } fehlen. Es wurde nichts genommen. /topup, dann /plans
renewed = Beleg: { $plan } wurde mit { $credits } Credits von deinem Guthaben verlängert und läuft bis { $until }. Das beendest du hier: /access
taken-back = Was für deinen Plan bezahlt wurde, ging zurück, darum ist dein Zugang beendet. /plans zeigt, wie es weitergeht.
none = Du hast keinen Plan. /plans zeigt, was es gibt.
state-trial = Du testest { $plan } bis { $until }. Es endet von selbst und kostet nichts.
state-active = { $plan } ist bezahlt bis { $until }.
state-grace = { $plan } war bezahlt bis { $until }. Eine kleine Weile behältst du deinen Zugang: /plans
state-cancelled = { $plan } ist bezahlt bis { $until } und endet dann.
state-expired = { $plan } endete { $until }. /plans
your-link = Dein Zugang: { $link }
not-yet = Dein Zugang ist unterwegs: Sein Anbieter hat noch nicht geantwortet. Was du bezahlt hast, bleibt bezahlt, und du hörst von mir, wenn er da ist.
renews-stars = Er wird jeden Monat mit Sternen bezahlt, bis du kündigst.
renews-credits = Er wird von deinem Guthaben verlängert, { $credits } Credits jedes Mal, bis du das beendest.
renews-not = Er verlängert sich nicht von selbst: Wir erinnern dich.
cancel-button = Beenden, wenn er abläuft
resume-button = Doch weiter
cancelled = Er endet { $until }. Es wird nichts mehr genommen; bis dahin gehört er dir.
cancelled-stars = Er endet { $until }. Sterne werden jeden Monat genommen, bis du auch das beendest: /subscription
resumed = Er geht weiter.
nothing-to-change = Es gibt nichts zu ändern: /access zeigt, wie es ist.
