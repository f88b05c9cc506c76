balance = { $available ->
    [one] Du hast { $available } Credit.
   *[other] Du hast { $available } Credits.
}
balance-held = { $held } weitere sind für Arbeit reserviert, die gerade läuft; was sie nicht braucht, kommt zurück.
balance-debt = { $debt }, die dir erstattet wurden, waren schon ausgegeben: Deine nächste Aufladung gleicht sie zuerst aus.
receipt = Beleg { $receipt }: { $credits ->
    [one] { $credits } Credit
   *[other] { $credits } Credits
} für { $paid ->
    [one] { $paid } Stern
   *[other] { $paid } Sterne
}.
receipt-elsewhere = Beleg { $receipt }: { $credits ->
    [one] { $credits } Credit
   *[other] { $credits } Credits
} für { $paid }.
receipt-parked-elsewhere = Beleg { $receipt }: { $paid } ist angekommen, und ich kann nicht erkennen, wofür oder wie viel es wert ist. Nichts ist verloren: Ein Mensch sieht es sich an. /paysupport
history-elsewhere = { $at } · { $receipt } · { $paid } · { $credits } Credits{ $state ->
    [parked] {" "}– wartet darauf, dass ein Mensch es sich ansieht
    [dismissed] {" "}– von einem Menschen angesehen: Dafür wird nichts gutgeschrieben. /paysupport
    [refunding] {" "}– auf dem Rückweg
    [refunded] {" "}– erstattet
    [taken-back] {" "}– wurde zurückgeholt
   *[credited] {""}
}
by-cryptopay = ${ $price } über @CryptoBot
by-nowpayments = ${ $price } über NOWPayments
pay-page = { $credits } Credits für ${ $price }. Du zahlst mit @CryptoBot; der Beleg folgt hier innerhalb von zwei Minuten.
pay-button = ${ $price } zahlen
pay-address = { $credits } Credits für ${ $price }. Sende { $sum } { $currency } an

    { $address }

    und nichts anderes. Weniger wird anteilig gutgeschrieben; der Beleg folgt hier, sobald es bestätigt ist.
pay-memo = Mit diesem Memo, ohne das es nicht ankommt: { $memo }
not-now = Dort kann gerade nicht gezahlt werden. Dir wurde nichts berechnet. /topup zeigt andere Wege, oder versuche es später wieder.
too-small = Auf diesem Weg können gerade mindestens ${ $least } gezahlt werden: Für weniger kostet sein Netz zu viel. Dir wurde nichts berechnet. /topup zeigt größere Pakete und andere Wege.
package-gone = Dieses Paket gibt es nicht mehr. /topup zeigt die, die es gibt.
sale-closed = Gerade kann nichts gekauft werden. Deine Credits und Zahlungen sind sicher: /balance, /history.
receipt-foreign = Das Angebot war für jemand anderen; die Credits gehören dir, denn du hast bezahlt.
receipt-parked = Beleg { $receipt }: Du hast { $paid } Sterne gezahlt, und ich kann nicht erkennen, wofür. Nichts ist verloren: Ein Mensch sieht es sich an, und du bekommst Credits oder deine Sterne zurück. /paysupport
went-back = Beleg { $receipt }: { $paid } Sterne gingen an dich zurück, und { $credits } Credits wurden abgezogen.
went-back-elsewhere = Beleg { $receipt }: { $paid } ging an dich zurück, und { $credits } Credits wurden abgezogen.
history-empty = Noch wurde nichts gezahlt und nichts verbraucht. /topup
history-payment = { $at } · { $receipt } · { $paid } Sterne · { $credits } Credits{ $state ->
    [parked] {" "}– wartet darauf, dass ein Mensch es sich ansieht
    [dismissed] {" "}– von einem Menschen angesehen: Dafür wird nichts gutgeschrieben. /paysupport
    [refunding] {" "}– die Sterne sind auf dem Rückweg
    [refunded] {" "}– erstattet
    [taken-back] {" "}– die Sterne wurden zurückgeholt
   *[credited] {""}
}
history-moved = { $at } · { $credits } Credits · { $kind ->
    [settle] verbraucht
    [clawback] zurückgeholt
    [adjust] berichtigt
   *[credit] geschenkt
}
history-adjusted = { $at } · { $credits } Credits · berichtigt: { $reason }
history-held = { $credits } Credits sind bis spätestens { $until } reserviert
history-late = { $at } · { $paid } Sterne sind angekommen und werden binnen zwei Minuten zu Credits
history-seen = { $at } · eine Zahlung für { $paid } ist gesehen und wird zu Credits, sobald sie bestätigt ist
history-foot = Zeiten in UTC. Fehlt etwas? /paysupport
paysupport =
    Hilfe bei einer Zahlung: Schick /paysupport und in derselben Nachricht, was nicht stimmt, und die Nummer des Belegs (/history zeigt sie).

    Eine Zahlung wird innerhalb von zwei Minuten gutgeschrieben, auch wenn Telegram sagt, dass sie fehlschlug. Sterne, für die der Bot nicht liefern kann, werden voll erstattet.

    Wenn Telegram selbst PROVIDER_ACCOUNT_INVALID sagt, hast du nicht genug Sterne: Kauf zuerst welche.
paysupport-told = Deine Worte wurden an einen Menschen weitergegeben. Die Antwort kommt hier.
paysupport-nobody = Hier ist niemand genannt, der das liest. Bitte schreib an die Betreiber dieses Bots, mit der Nummer des Belegs.
paysupport-unreached = Deine Worte konnten nicht weitergegeben werden: Wer sie lesen soll, hat diesen Bot noch nicht geöffnet. Bitte schreib an die Betreiber, mit der Nummer des Belegs.
complaint =
    Zahlungshilfe: { $who } schreibt:

    { $words }
complaint-missed = Telegram lässt mich nicht an { $missed } schreiben: Sie müssen diesen Bot öffnen und Start drücken.
terms =
    Credits gelten nur in diesem Bot. Sie verfallen nicht und können nicht übertragen oder in Geld getauscht werden.

    Du zahlst mit Telegram-Sternen{ $ways ->
        [several] {" "}oder, wo es angeboten wird, in Krypto
       *[stars] {""}
    }. Kann das Bezahlte nicht geliefert werden, wird es voll erstattet: /paysupport.

    Mit dem, was erstattet wird, gehen die Credits zurück, die dafür gekauft wurden; was davon verbraucht ist, gleicht die nächste Aufladung aus.
refund-does = eine Zahlung zurückgeben
refund-usage = Schreib: /refund R-17 warum. Wenn die Credits ausgegeben sind: /refund R-17 force warum – was fehlt, wird zur Schuld. Was von Hand zurückgeschickt wurde: /refund R-17 sent warum, und mit welcher Transaktion.
refund-asked-elsewhere = { $receipt }: { $paid } geht an { $who } zurück. Die Nachricht kommt, wenn es geschehen ist, und /history zeigt es.
refund-sent = { $receipt }: notiert, dass { $paid } an { $who } zurückging. Die Nachricht geht hinaus, und die Credits werden abgezogen.
refund-asked = { $receipt }: { $paid } Sterne gehen an { $who } zurück. Die Nachricht kommt, wenn es geschehen ist, und /history zeigt es.
receipt-unknown = Einen Beleg { $receipt } gibt es nicht. Die Nummer steht auf dem Beleg und in /history der Person, die bezahlt hat.
not-refunded-unknown = So eine Zahlung gibt es nicht.
not-refunded-over = { $receipt } ist schon zurückgegangen.
not-refunded-under-way = { $receipt } ist schon auf dem Rückweg.
not-refunded-too-much = Das ist mehr, als der Support bewegen darf. Frag einen Owner.
not-refunded-spent = { $missing } der Credits sind nicht mehr da. Mit "force" vor dem Grund werden sie zur Schuld.
not-refunded-by-hand = NOWPayments erstattet nichts von selbst. Frag { $who } nach einer Adresse, schick { $paid } von deiner Wallet oder aus dem Dashboard dorthin, und schreib dann /refund { $receipt } sent warum, mit der Transaktion. Oder gib Credits: /adjust.
not-refunded-not-by-hand = { $receipt } wurde in Sternen gezahlt: Nur Telegram gibt sie zurück. Lass "sent" weg.
adjust-does = Credits geben oder nehmen
adjust-usage = Schreib: /adjust USER-ID +100 warum, oder /adjust USER-ID -100 warum. Ganze Credits.
adjust-too-much = Der Support darf { $most } Credits auf einmal bewegen. Frag einen Owner.
adjust-not-there = Nur { $available } sind da. Nichts wurde geändert.
adjusted = { $who } hat jetzt { $available } Credits, { $held } reserviert, { $owed } Schulden.
