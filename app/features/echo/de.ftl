wrote = Du hast geschrieben: { $text }
