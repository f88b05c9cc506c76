balance = { $available ->
    [one] You have { $available } credit.
   *[other] You have { $available } credits.
}
balance-held = { $held } more are reserved for work that is under way; what it does not use comes back.
balance-debt = { $debt } that were paid back to you had been spent: your next top-up settles them first.
# $receipt is its number, "R-17".
receipt = Receipt { $receipt }: { $credits ->
    [one] { $credits } credit
   *[other] { $credits } credits
} for { $paid ->
    [one] { $paid } Star
   *[other] { $paid } Stars
}.
receipt-elsewhere = Receipt { $receipt }: { $credits ->
    [one] { $credits } credit
   *[other] { $credits } credits
} for { $paid }.
receipt-parked-elsewhere = Receipt { $receipt }: { $paid } arrived, and I cannot tell what for, or what it is worth. Nothing is lost: a person looks at it. /paysupport
history-elsewhere = { $at } · { $receipt } · { $paid } · { $credits } credits{ $state ->
    [parked] {" "}– waits for a person to look at it
    [dismissed] {" "}– looked at by a person: nothing is credited for it. /paysupport
    [refunding] {" "}– on its way back
    [refunded] {" "}– refunded
    [taken-back] {" "}– was taken back
   *[credited] {""}
}
by-cryptopay = ${ $price } by @CryptoBot
by-nowpayments = ${ $price } by NOWPayments
pay-page = { $credits } credits for ${ $price }. You pay with @CryptoBot; a receipt follows here within two minutes.
pay-button = Pay ${ $price }
pay-address = { $credits } credits for ${ $price }. Send { $sum } { $currency } to

    { $address }

    and nothing else. Less is credited for its share; a receipt follows here when it is confirmed.
pay-memo = With this memo, without which it does not arrive: { $memo }
not-now = It cannot be paid there just now. You have not been charged. /topup shows other ways, or try again later.
too-small = By this way at least ${ $least } can be paid just now: its network costs too much for less. You have not been charged. /topup shows larger packages and other ways.
package-gone = This package is not for sale any more. /topup shows those that are.
sale-closed = Nothing can be bought just now. Your credits and payments are safe: /balance, /history.
receipt-foreign = The offer was made for somebody else; the credits are yours, as you have paid.
receipt-parked = Receipt { $receipt }: you paid { $paid } Stars, and I cannot tell for what. Nothing is lost: a person looks at it, and you get credits or your Stars back. /paysupport
went-back = Receipt { $receipt }: { $paid } Stars went back to you, and { $credits } credits were taken.
went-back-elsewhere = Receipt { $receipt }: { $paid } went back to you, and { $credits } credits were taken.
history-empty = Nothing was paid and nothing was used yet. /topup
history-payment = { $at } · { $receipt } · { $paid } Stars · { $credits } credits{ $state ->
    [parked] {" "}– waits for a person to look at it
    [dismissed] {" "}– looked at by a person: nothing is credited for it. /paysupport
    [refunding] {" "}– the Stars are on their way back
    [refunded] {" "}– refunded
    [taken-back] {" "}– the Stars were taken back
   *[credited] {""}
}
history-moved = { $at } · { $credits } credits · { $kind ->
    [settle] used
    [clawback] taken back
    [adjust] adjusted
   *[credit] given
}
history-adjusted = { $at } · { $credits } credits · adjusted: { $reason }
history-held = { $credits } credits are reserved until { $until } at the latest
history-late = { $at } · { $paid } Stars have arrived and become credits within two minutes
history-seen = { $at } · a payment for { $paid } has been seen and becomes credits when it is confirmed
history-foot = Times are UTC. Something is missing? /paysupport
paysupport =
    Help with a payment: send /paysupport and, in the same message, what is wrong and the number of the receipt (/history lists them).

    A payment is credited within two minutes, also where Telegram says that it failed. Stars that the bot cannot deliver for are returned in full.

    If Telegram itself says PROVIDER_ACCOUNT_INVALID, you do not have enough Stars: buy some first.
paysupport-told = Your words were passed on to a person. You are answered here.
paysupport-nobody = Nobody is named here to read this. Please write to who runs this bot, with the number of the receipt.
# Those who are named have never opened the bot, so it may not write to them.
paysupport-unreached = Your words could not be passed on: those who should read them have not opened this bot yet. Please write to who runs it, with the number of the receipt.
# For those who read it.
complaint =
    Payment support: { $who } writes:

    { $words }
# $missed: numbers of those who are named before this reader.
complaint-missed = Telegram does not let me write to { $missed }: they have to open this bot and press Start.
terms =
    Credits are used inside this bot alone. They do not expire, and cannot be transferred or exchanged for money.

    You pay with Telegram Stars{ $ways ->
        [several] {" "}or, where it is offered, in crypto
       *[stars] {""}
    }. If what you paid for cannot be delivered, it is returned in full: /paysupport.

    What is returned takes the credits back that it bought; what of them was used is settled by the next top-up.
# From here on for those who may refund and adjust.
# Completes "/refund – …".
refund-does = give a payment back
refund-usage = Write: /refund R-17 why. Where the credits were spent: /refund R-17 force why – what is missing becomes a debt. What was sent back by hand: /refund R-17 sent why, and by which transaction.
refund-asked-elsewhere = { $receipt }: { $paid } go back to { $who }. They are told when it is done, and their /history says it.
refund-sent = { $receipt }: written down that { $paid } went back to { $who }. They are told, and the credits are taken.
refund-asked = { $receipt }: { $paid } Stars go back to { $who }. They are told when it is done, and their /history says it.
receipt-unknown = There is no receipt { $receipt }. Its number stands on the receipt and in /history of who paid.
not-refunded-unknown = There is no such payment.
not-refunded-over = { $receipt } has gone back already.
not-refunded-under-way = { $receipt } is on its way back already.
not-refunded-too-much = That is more than support may move. Ask an owner.
not-refunded-spent = { $missing } of its credits are not there any more. With "force" before the reason they become a debt.
not-refunded-by-hand = NOWPayments gives nothing back by itself. Ask { $who } for an address, send { $paid } there from your own wallet or its dashboard, and then write /refund { $receipt } sent why, with the transaction. Or give credits: /adjust.
not-refunded-not-by-hand = { $receipt } was paid in Stars: only Telegram gives them back. Leave out "sent".
# Completes "/adjust – …".
adjust-does = give or take credits
adjust-usage = Write: /adjust USER-ID +100 why, or /adjust USER-ID -100 why. Whole credits.
adjust-too-much = Support may move { $most } credits at once. Ask an owner.
adjust-not-there = Only { $available } are there to take. Nothing was changed.
adjusted = { $who } has { $available } credits now, { $held } reserved, { $owed } owed.
