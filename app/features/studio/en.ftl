# Each completes a line of /help: "/image – …".
does-image = a picture of what you describe
does-video = a short video of what you describe
usage-image = Describe the picture, for example: /image a lighthouse in a storm, oil painting
usage-video = Describe the video, for example: /video waves rolling onto a beach
# In a group.
private = Write to me in private for that.
too-long = That is too long. Describe it in { $limit } characters or fewer.
quote-image = A picture of this costs { $price ->
    [one] { $price } credit
   *[other] { $price } credits
}. You pay only when you have it.
quote-video = A video of this costs { $price ->
    [one] { $price } credit
   *[other] { $price } credits
}. You pay only when you have it.
# On buttons.
make = Make it for { $price }
leave = No, thanks
left = All right, nothing is made and nothing is charged.
running = You have one under way already. You have not been charged for another one.
busy = Too many are being made just now. You have not been charged; please try again in a few minutes.
missing = You are short of { $missing ->
    [one] { $missing } credit
   *[other] { $missing } credits
}. Top up with /topup within half an hour, and it is made by itself.
# Where the question with its buttons stood.
begun = Agreed.
# The one message that is changed while it is made.
ordered = Your order is in. { $price ->
    [one] { $price } credit is
   *[other] { $price } credits are
} set aside, and taken only when you have the result.
waits = The renderer is busy; yours begins as soon as it can. { $price ->
    [one] { $price } credit stays
   *[other] { $price } credits stay
} set aside.
progress = Under way: { $percent } %. { $price ->
    [one] { $price } credit is
   *[other] { $price } credits are
} set aside.
again = It did not work the first time and is being tried again. { $price ->
    [one] { $price } credit stays
   *[other] { $price } credits stay
} set aside.
instead = The video did not work, so a picture is made instead. You pay { $price ->
    [one] { $price } credit
   *[other] { $price } credits
} for it; the rest goes back to you.
ready = It is ready and on its way to you. { $price ->
    [one] { $price } credit stays
   *[other] { $price } credits stay
} set aside until it is there.
cancel = Cancel
too-late = It is too late to cancel: it is ready, or over.
cancelled = Cancelled. { $price ->
    [one] Your { $price } credit is
   *[other] Your { $price } credits are
} back.
# Under the result.
caption-image = Your picture.
caption-video = Your video.
# Added where it may be there for the second time.
caption-again = (again: it was not certain that it had arrived; you pay once)
delivered = Done. You paid { $price ->
    [one] { $price } credit
   *[other] { $price } credits
}; { $left } left.
failed-late = It took too long and was stopped. { $price ->
    [one] Your { $price } credit is
   *[other] Your { $price } credits are
} back.
failed-failed = It could not be made. { $price ->
    [one] Your { $price } credit is
   *[other] Your { $price } credits are
} back.
failed-moderated = The renderer declines to make this. { $price ->
    [one] Your { $price } credit is
   *[other] Your { $price } credits are
} back. Please describe something else.
failed-empty = Nothing can be made just now, and somebody has been told. { $price ->
    [one] Your { $price } credit is
   *[other] Your { $price } credits are
} back.
failed-refused = The renderer did not accept this. { $price ->
    [one] Your { $price } credit is
   *[other] Your { $price } credits are
} back. Please describe it differently.
failed-lost = The renderer has lost your order. { $price ->
    [one] Your { $price } credit is
   *[other] Your { $price } credits are
} back.
failed-gone = It was made, but it could not be fetched. { $price ->
    [one] Your { $price } credit is
   *[other] Your { $price } credits are
} back.
failed-unknown = It is not certain that it reached you. { $price ->
    [one] Your { $price } credit is
   *[other] Your { $price } credits are
} back; if you have it, keep it.
failed-running = You have another one under way, so this one was not begun. { $price ->
    [one] Your { $price } credit is
   *[other] Your { $price } credits are
} back.
failed-off = This cannot be made any more. { $price ->
    [one] Your { $price } credit is
   *[other] Your { $price } credits are
} back.
# After a video that failed, with a button.
offer-image = Would you like a picture of it instead, for { $price ->
    [one] { $price } credit
   *[other] { $price } credits
}?
offer-make = A picture for { $price }
