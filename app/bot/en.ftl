# Shown over the chat when a button cannot be tapped any more; 200 characters at most.
tap-used = You have answered this already.
tap-old = This button is too old. Please ask again.
tap-foreign = This question was put to somebody else.
# In a group, to who may ask it.
private-only = I answer this in our private chat alone.
