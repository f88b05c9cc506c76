does-topup = Credits kaufen
does-balance = wie viele Credits du hast
does-history = wo dein Geld ist
does-paysupport = Hilfe bei einer Zahlung
does-terms = Verkaufsbedingungen
topup-button = Aufladen
topup = Welches Paket? Du zahlst mit Telegram-Sternen.
# Wo es mehr als einen Weg gibt zu zahlen.
topup-ways = Welches Paket? Danach wählst du, wie du zahlst: mit Telegram-Sternen oder in Krypto.
closed = Gerade kann nichts gekauft werden. Deine Credits und Zahlungen sind sicher: /balance, /history.
package = { $credits ->
    [one] { $credits } Credit
   *[other] { $credits } Credits
} für { $price } ⭐️
# Wo es mehr als einen Weg gibt zu zahlen.
how = { $credits ->
    [one] { $credits } Credit
   *[other] { $credits } Credits
}: Wie möchtest du zahlen?
by-stars = { $price } ⭐️
gone = Dieses Paket gibt es nicht mehr. /topup zeigt die, die es gibt.
title = { $credits ->
    [one] { $credits } Credit
   *[other] { $credits } Credits
}
description = { $credits ->
    [one] { $credits } Credit für diesen Bot. Er verfällt nicht.
   *[other] { $credits } Credits für diesen Bot. Sie verfallen nicht.
}
refused-unknown = Dieses Angebot ist hier nicht mehr bekannt. Dir wurde nichts berechnet. Schick /topup für ein neues.
refused-foreign = Dieses Angebot war für jemand anderen. Dir wurde nichts berechnet. Schick /topup für dein eigenes.
refused-paid = Dieses Angebot ist schon bezahlt. Dir wurde nicht noch einmal etwas berechnet. Schick /topup für ein weiteres.
refused-running = Du hast schon ein Abo. Es wurde nichts abgebucht. /subscription zeigt es.
refused-expired = Dieses Angebot ist abgelaufen. Dir wurde nichts berechnet. Schick /topup für ein neues.
refused-changed = Der Preis dieses Pakets hat sich geändert. Dir wurde nichts berechnet. Schick /topup für den neuen.
refused-amount = Der Betrag ist nicht der dieses Angebots. Dir wurde nichts berechnet. Schick /topup für ein neues.
# Ergänzt „/promo – …“.
does-promo = Credits für einen Code
promo-usage = Schreib: /promo CODE
promo-given = { $credits } Credits für dich.
promo-unknown = Diesen Code gibt es nicht. Ist er so geschrieben, wie du ihn bekommen hast?
promo-over = Dieser Code gilt nicht mehr.
promo-used = Du hast diesen Code schon eingelöst.
# Unter dem Angebot der Pakete, wenn jemand etwas wollte und zu wenige Credits hatte.
cart-kept = Was du wolltest, kostet { $cost } Credits. Sobald du sie hast, wird es gemacht.
cart-drop = Ich will es nicht mehr
cart-dropped = Gut: Was du jetzt auflädst, bleibt bei dir.
