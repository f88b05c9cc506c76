# Completes "/broadcast – …". For owners, as all that follows up to "fewer".
broadcast-does = write to all people, or to some of them
usage = Write /broadcast alone for a new one or how the last one stands; /broadcast pause, resume, cancel, or edit for the last one; /broadcast new for another one.
# The next message of the owner answers it.
what = What shall I tell people? Answer with the text, formatted as you like or as HTML, or with one photo and what stands under it. Nothing is sent to anybody before you have seen it.
what-instead = What shall stand there instead? Answer with the whole new text.
no-content = I can send a text, or one photo with a text under it. Answer with one of these.
# $near are the characters of the text that cannot be read.
bad-html = Telegram cannot read the HTML near “{ $near }”: each tag that is opened must be closed, and < & are written &lt; &amp;. Answer with the text again.
bad-content = Telegram does not take this message. Answer with another one.
words-alone = A photo cannot be put in the place of what went out. Answer with the text alone.
# Whom it is for; on buttons too.
everyone = Everyone
active-1 = Here today
active-7 = Here in 7 days
active-30 = Here in 30 days
paid = Have paid
credits = Have credits
all-languages = Any language
# What it is about; on buttons too, and in /notify.
news = News
offers = Offers
service = Service
card =
    Above is what people will see. It goes to: { $segment } · { $language }.
    About: { $category }. Who does not want these gets none; service messages reach all.
# $minutes is rounded up.
reach = { $count ->
    [0] That is nobody.
    [one] That is one person.
   *[other] That is { $count } people, in about { $minutes ->
        [one] a minute
       *[other] { $minutes } minutes
    }.
}
no-pace = The posture gives broadcasts nothing of the rate (providers.telegram.rate.broadcast is 0): none goes out.
# On buttons.
test = Show me again
discard = Discard
send = { $count ->
    [one] Send to one person …
   *[other] Send to { $count } people …
}
confirm = Send it to { $count ->
    [one] one person
   *[other] { $count } people
} now? It goes out at { $pace } a second at most and takes about { $minutes ->
    [one] a minute
   *[other] { $minutes } minutes
}. You can pause or cancel it.
yes = { $count ->
    [one] Yes, send to one person
   *[other] Yes, send to { $count } people
}
back = Back
busy = Another broadcast is under way. Wait for its end, pause it or cancel it.
draft-stale = This was changed or sent before. /broadcast says how it stands.
draft-discarded = Discarded. Nothing was sent.
draft-started = It goes out. A message of its own says how far it is.
instead = Put this in the place of the last broadcast, where { $count ->
    [one] one person has
   *[other] { $count } people have
} it?
# On buttons.
change = Change it
leave = Leave it
instead-done = It is being changed. A message of its own says how far it is.
instead-left = Left as it is.
instead-busy = Another broadcast is under way. Wait for its end, pause it or cancel it, and answer again after /broadcast edit.
instead-stale = This was decided before.
instead-nothing = It cannot be changed any more. /broadcast says how it stands.
nothing-to-edit = There is no broadcast that is over and has reached somebody, so nothing can be changed.
# How it stands. $state: running, paused, stopped, done or cancelled.
preparing = Broadcast: { $state ->
    [paused] paused
    [stopped] stopped
    [cancelled] cancelled
   *[running] looking for whom it is for
}, { $recipients } found so far
progress = Broadcast: { $state ->
    [paused] paused
    [stopped] stopped
    [cancelled] cancelled
    [done] done
   *[running] going out
}. { $sent } of { $recipients } have it, { $left } wait.
editing = Changing the last broadcast: { $state ->
    [paused] paused
    [stopped] stopped
    [cancelled] cancelled
    [done] done
   *[running] under way
}. { $edited } of { $all } changed, { $unedited } could not be.
not-there = Not there: { $blocked } have blocked the bot, { $gone } are gone.
# They are not sent to again.
unknown = { $count ->
    [one] Of one nobody knows whether it arrived; it is not sent again.
   *[other] Of { $count } nobody knows whether they arrived; they are not sent again.
}
failed = { $count ->
    [one] One was refused.
   *[other] { $count } were refused.
}
left-out = { $count ->
    [one] One person did not want it any more.
   *[other] { $count } people did not want it any more.
}
why-content = Telegram refuses what it says, so nobody else is written to. Cancel it and write it anew.
why-restored = The database was put back, and some may have it that are not counted here. Go on only if they may get it twice.
# On buttons.
button-pause = Pause
button-resume = Go on
button-cancel = Cancel
under-way = /broadcast pause, /broadcast resume, /broadcast cancel. Another one: /broadcast new.
steered-done = Done. Its message says how it stands.
steered-busy = Another broadcast is under way. Wait for its end, pause it or cancel it.
steered-stale = This was decided before. /broadcast says how it stands.
steered-nothing = There is nothing of that kind to do. /broadcast says how it stands.
# From here on for everybody. On the button under a broadcast.
fewer = No more of these
# Completes "/notify – …".
notify-does = what I may write to you about
notify = What may I write to you about, unasked? A tap switches. What is about your money, what you asked for and what all must know reaches you in any case.
# Shown over the chat; $what is News or Offers.
muted = { $what }: no more of these. /notify brings them back.
unmuted = { $what }: you get them again.
