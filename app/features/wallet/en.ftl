# Each completes a line of /help: "/topup – …".
does-topup = buy credits
does-balance = how many credits you have
does-history = where your money is
does-paysupport = help with a payment
does-terms = terms of sale
topup-button = Top up
topup = Which package? You pay with Telegram Stars.
# Where there is more than one way to pay.
topup-ways = Which package? You choose next how to pay: with Telegram Stars or in crypto.
closed = Nothing can be bought just now. Your credits and payments are safe: /balance, /history.
# On a button.
package = { $credits ->
    [one] { $credits } credit
   *[other] { $credits } credits
} for { $price } ⭐️
# Where there is more than one way to pay.
how = { $credits ->
    [one] { $credits } credit
   *[other] { $credits } credits
}: how do you want to pay?
by-stars = { $price } ⭐️
gone = This package is not for sale any more. /topup shows those that are.
# Of an invoice; 32 characters at most.
title = { $credits ->
    [one] { $credits } credit
   *[other] { $credits } credits
}
# Under it; 255 characters at most.
description = { $credits ->
    [one] { $credits } credit for this bot. It does not expire.
   *[other] { $credits } credits for this bot. They do not expire.
}
# Why an offer cannot be paid: Telegram shows it in place of the payment.
refused-unknown = This offer is not known here any more. You have not been charged. Send /topup for a new one.
refused-foreign = This offer was made for somebody else. You have not been charged. Send /topup for one of your own.
refused-paid = This offer has been paid already. You have not been charged again. Send /topup for another one.
refused-running = You have a subscription already. You have not been charged. /subscription shows it.
refused-expired = This offer has expired. You have not been charged. Send /topup for a new one.
refused-changed = The price of this package has changed. You have not been charged. Send /topup for the new one.
refused-amount = The amount is not the one of this offer. You have not been charged. Send /topup for a new one.
# Completes "/promo – …".
does-promo = credits for a code
promo-usage = Write: /promo CODE
promo-given = { $credits } credits for you.
promo-unknown = There is no such code. Is it spelt as you got it?
promo-over = This code is over.
promo-used = You have used this code already.
# Under the offer of packages, where somebody wanted what they had too few credits for.
cart-kept = What you wanted costs { $cost } credits. As soon as you have them it is done.
cart-drop = I do not want it any more
cart-dropped = All right: what you top up now stays with you.
