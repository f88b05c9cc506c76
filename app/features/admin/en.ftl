# Completes "/stats – …".
stats-does = how the bot stands
people = People: { $count }{ $blocked ->
    [0] {""}
    [one] , of whom one has blocked the bot
   *[other] , of whom { $blocked } have blocked the bot
}
# By days in UTC.
active = Active: { $today } today, { $week } in 7 days, { $month } in 30 days
paid = Have paid: { $count }
credits = Credits: { $available } with people, { $held } reserved, { $owed } owed
waiting = Updates: { $updates } wait, { $chats } chats in hand, { $parked } parked
given-up = Given up: { $jobs } jobs, { $messages } messages; { $unknown } sends of unknown outcome
well = Health: everything is well.
not-well = Health: { $count ->
    [one] one thing is not well
   *[other] { $count } things are not well
}. "npm run ops -- status" and the health page name them.
held-back = Nothing goes out: the database was put back or held. A person ends it by "npm run ops -- resume".
# $names: of features, jobs and schedules.
switched-off = Switched off: { $names }
# Completes "/user – …".
user-does = what is known of somebody: /user ID or /user @name
user-usage = Write: /user and a Telegram id or an @name, for example /user 501 or /user @ada.
user-unknown = Nobody called { $who } has written to this bot.
user-several = Several have been called { $who }: ask for one by its id, { $ids }.
user = User { $who }
# $name has its @.
user-named = User { $who } ({ $name })
since = Known since { $since }, last here { $seen }, speaks { $language }.
seen-never = at a time that was not noted
seen-today = today
seen-days = { $count ->
    [one] yesterday
   *[other] { $count } days ago
}
has-blocked = Has blocked the bot, or is gone: noticed { $since }.
balance = Credits: { $available } to spend, { $held } reserved, { $owed } owed
payments = { $count ->
    [0] No payments.
    [one] One payment:
   *[other] { $count } payments, the latest:
}
payment = { $at } · { $receipt } · { $credits } credits · { $state ->
    [parked] waits for a person
    [refunding] on its way back
    [refunded] refunded
    [taken-back] was taken back
   *[credited] credited
}
subscription = Subscription { $plan }: { $state ->
    [active] active
    [canceled] cancelled
    [failed] its renewal could not be paid yet
   *[ended] over
}, paid until { $until }
# $unconfirmed: 1 while its provider has not said that it has it so.
access = Plan { $plan }: { $state ->
    [trial] tried until { $until }
    [active] paid for until { $until }
    [grace] not paid again, kept until { $until }
    [cancelled] paid for until { $until }, not to be renewed
   *[expired] over since { $until }
}{ $unconfirmed ->
    [0] {""}
   *[other] . Its provider has not confirmed that yet.
}
waits-for-people = Waits for a person: { $updates } updates, { $messages } messages. "npm run ops -- status" shows them.
# Completes "/flags – …".
flags-does = what is switched on and off
flags = What people have switched on:
flag-on = ● { $name }
flag-off = ○ { $name }
flag-off-posture = – { $name }, off by the posture: no flag turns it on
flag-others = Jobs and schedules that are off: { $names }
flags-foot = A tap switches. For others, or with a reason: /flags off NAME why, /flags on NAME why.
# For support, who may look only.
flags-look = An owner switches them.
# On buttons; $name is a feature's.
turn-on = Switch { $name } on
turn-off = Switch { $name } off
turned-on = { $name } is switched on: everywhere within 5 seconds.
turned-off = { $name } is switched off: everywhere within 5 seconds. What was begun ends all the same.
flags-usage = Write: /flags off NAME why, or /flags on NAME why.
flag-unknown = There is no flag { $name }. Did you mean { $nearest }?
flag-in-vain = The posture has { $name } off, and no flag turns that on.
flag-own = These commands would be gone with it, and nobody could switch them on here again: npm run ops -- flag off admin.
