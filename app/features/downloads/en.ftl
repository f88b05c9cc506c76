# Completes a line of /help: "/download – …".
does = a file or a video from a link; sending just the link does the same
usage = Send me a link to a file, for example: /download https://example.com/video.mp4
# In a group.
private = Write to me in private for that.
no-link = That is no link that I can fetch. It has to begin with http:// or https://.
ask-file = Shall I fetch this from { $host } for you?
ask-quality = How would you like this from { $host }?
# On buttons.
fetch = Fetch it
as-best = Best quality
as-small = Smaller file
as-sound = Only the sound
leave = No, thanks
left = All right, nothing is fetched.
# Where the question with its buttons stood.
agreed = Agreed.
quota = You have had { $limit ->
    [one] your { $limit } download
   *[other] your { $limit } downloads
} of the last 24 hours. Please come back later.
running = You have one under way already. Please wait for it, or cancel it first.
busy = Too many files are being fetched just now. Please try again in a few minutes.
# The one message that is changed while it comes.
ordered = Your download waits for its turn.
begun = Your file is being fetched.
progress = Your file is being fetched: { $percent } %.
sending = Your file is here and on its way to you.
# It is too large for the chat.
keeping = Your file is here, but too large for a chat. It is being put where you can fetch it by a link.
kept =
    { $name } ({ $size } MB) is too large for a chat. Here it is, for { $hours ->
        [one] { $hours } hour
       *[other] { $hours } hours
    }:
    { $link }
    Whoever has this link can fetch the file.
# A button under it.
revoke = Delete it now
revoked = Deleted. The link leads nowhere any more.
link-over = That link is over already.
link-ends = Your link to { $name } ends soon. If you still need the file, fetch it now.
cancel = Cancel
too-late = It is too late to cancel: it is on its way to you, or over.
cancelled = Cancelled. It does not count as one of your downloads.
# Under a file that may be there for the second time.
caption-again = (again: it was not certain that it had arrived)
done = Done. { $left ->
    [0] That was your last download of these 24 hours.
    [one] You can have { $left } more in these 24 hours.
   *[other] You can have { $left } more in these 24 hours.
}
failed-address = That link leads to a place that I may not go to. Only websites on the public internet can be fetched from.
failed-unreachable = Nobody answers at that address. Please check the link.
failed-gone = There is nothing at that link any more.
failed-refused = That site does not let me in. Many large sites turn away whoever asks from a data centre, as I do; I cannot change that.
failed-crowded = That site asks me to come more slowly. Please try again later.
failed-failed = That site failed while it sent the file. Please try again later.
failed-large = That file is too large for me to send.
failed-late = That took too long and was stopped.
failed-circles = That link leads in circles.
failed-packed = That file is packed in a way that I do not open.
failed-empty = There is nothing in that file.
failed-several = That link leads to several videos. Please send me the link of one of them.
failed-live = That is being broadcast just now. Please come back when it is over.
failed-page = That link leads to a page, not to a file. I can only fetch links that lead to a file itself.
failed-unsupported = I find no video or file on that page.
failed-unknown = It is not certain whether the file has reached you. If it has not, please send me the link again.
failed-untaken = Telegram does not take that file.
failed-off = Nothing can be fetched any more.
failed-broken = That did not work, and somebody knows about it. It does not count as one of your downloads.
