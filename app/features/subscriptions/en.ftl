# Each completes a line of /help: "/plans – …".
does-plans = plans, and what they cost
does-access = what you have, and until when
private = Write to me in private: plans are between us.
closed = No plan can be bought just now. What you have paid for goes on: /access
no-plans = There are no plans just now. What you have paid for goes on: /access
offer = Which plan? What you pay with is asked before anything is taken.
# A line of the offer.
plan = { $plan }: { $credits ->
    [one] { $credits } credit
   *[other] { $credits } credits
} for { $period }
days = { $count ->
    [one] { $count } day
   *[other] { $count } days
}
hours = { $count ->
    [one] { $count } hour
   *[other] { $count } hours
}
minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}
# On buttons.
credits-button = { $plan }: { $credits ->
    [one] { $credits } credit
   *[other] { $credits } credits
}
stars-button = { $plan }: { $price } ⭐️ every month
trial-button = Try { $plan } for { $period }, free
gone = This plan is not sold any more, and nothing was taken. /plans shows those that are.
trial-begun = Your trial runs until { $until }. It costs nothing and ends by itself. Your access comes in a moment.
trial-had = A trial is once a person, and you have had yours. Nothing was taken. /plans shows what there is.
begun = { $credits ->
    [one] { $credits } credit is
   *[other] { $credits } credits are
} held for your plan, and taken when it begins, in a moment.
missing = { $missing ->
    [one] You are { $missing } credit short.
   *[other] You are { $missing } credits short.
} Nothing was taken. Send /topup: as soon as the credits are there within half an hour, your plan begins by itself.
running = You pay for a subscription with Stars already, and nothing more was taken. /subscription shows it.
stars-link = { $price } Stars now, and again every 30 days until you cancel. Each payment brings { $credits } credits, which pay for your plan.
link-button = Subscribe for { $price } ⭐️ a month
paid = Receipt: { $plan } is paid for with { $credits } credits and runs until { $until }. Your access comes in a moment. /access
prolonged = Receipt: { $plan } is paid for with { $credits } credits and now runs until { $until }. /access
late = Your plan could not be begun in time. No credits were taken: those that were held are yours again. /plans
given =
    Your access, until { $until }:
    { $link }
grace = { $plan } is over and was not paid again. Nothing was taken. You keep your access until { $until }: /plans
over = { $plan } is over, and so is your access. Nothing was taken. /plans shows how to go on.
trial-over = Your trial of { $plan } is over. Nothing was taken. /plans shows how to go on.
ends-soon = { $plan } runs until { $until }. Another period costs { $credits } credits: /plans. What is to happen then is your choice: /access
trial-ends = Your trial of { $plan } ends { $until }, by itself and for nothing. To go on costs { $credits } credits: /plans
unpaid = { $plan } could not be renewed: it costs { $credits } credits, and { $missing } are missing. Nothing was taken. /topup, then /plans
renewed = Receipt: { $plan } was renewed with { $credits } credits from your balance and runs until { $until }. To end that: /access
taken-back = What was paid for your plan went back, so your access is over. /plans shows how to go on.
none = You have no plan. /plans shows what there is.
# Under /access.
state-trial = You try { $plan } until { $until }. It ends by itself and costs nothing.
state-active = { $plan } is paid for until { $until }.
state-grace = { $plan } was paid for until { $until }. For a little while you keep your access: /plans
state-cancelled = { $plan } is paid for until { $until }, and then it ends.
state-expired = { $plan } ended { $until }. /plans
your-link = Your access: { $link }
not-yet = Your access is on its way: its provider has not answered yet. Whatever you have paid stays paid, and you are told when it is there.
renews-stars = It is paid every month with Stars, until you cancel.
renews-credits = It is renewed from your balance, { $credits } credits a period, until you end that.
renews-not = It is not renewed by itself: we remind you.
cancel-button = End it when it is over
resume-button = Go on after all
cancelled = It ends { $until }. Nothing more is taken; until then it is yours.
cancelled-stars = It ends { $until }. Stars are taken every month until you end that too: /subscription
resumed = It goes on.
nothing-to-change = There is nothing to change: /access shows how it is.
