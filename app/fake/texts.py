"""Texts of made-up members: Markdown with tags, mentions, lists and code."""

import random

SUBJECTS = """\
the release notes
a blueprint with forty views
our choir's calendar
the old admin pages
the login form
my first pull request
a test that only fails on Fridays
the bread recipe app
our reading list
the migration of last night
a map of every fountain in town
the newsletter
keyboard shortcuts
the sign-up page
a tiny static site
the bus timetable
our garden's weather log
the query behind the feed
a board game night
the café that lends out books""".splitlines()
OPENINGS = """\
I have spent the evening with {}.
Does anybody else here work on {}?
Today I finally finished {}.
A small note about {}, before I forget it.
What I learned from {}:
Three months ago I would have given up on {}.
Has somebody a minute to look at {}?
I changed my mind about {}.
We threw {} away and started again.
Good news about {}!""".splitlines()
MIDDLES = """\
It took longer than I thought, and it was worth every hour.
The trick was to delete things.
Nobody had told me that the order matters.
I wrote it down so that the next one has it easier.
The *second* try was the good one.
It is **not** finished, but it works on my phone too.
In the end it was a missing comma, as always.
My neighbour found the fault within a minute.
It now does half as much, twice as well.
I am still not sure about the name.
The numbers are better than I dared to hope: 40 ms instead of two seconds.
If you see it differently, tell me; I would rather know.
Somebody should write a song about it.
Tea helped. Sleep helped more.
What would you have done?""".splitlines()
ANSWERS = """\
Thank you for writing this down!
I had the same last week, and it was the cache.
Could you show how it looks on a narrow screen?
That is the way. Congratulations!
I would try it without the second table first.
Not sure. Did you measure it?
We do the same, but the other way round.
This made my day.
Count me in.
Please do a longer post about it, I would read it twice.
Ha, the comma. It is always the comma.
I tried it at once: works here, too.
Have you looked at how the others do it?
Sounds like a plan.
My two cents: keep it boring, and it will be there in ten years.""".splitlines()
POINTS = """\
write the test first
take the old one out
ask somebody who was not there
measure again
give it a better name
leave a note for November
make it fit one screen
sleep on it
read the manual, all of it
tell the others
keep a copy""".splitlines()
CODE = [
    '@main.route("/map")\n@readable\ndef fountains():\n    return render_template("map.html")',
    "SELECT day, count(*)\n  FROM visits\n GROUP BY day\n ORDER BY day DESC",
    "for loaf in oven:\n    if loaf.is_golden:\n        loaf.take_out()",
    "git switch -c smaller\ngit commit --fixup HEAD~2",
    "def greet(name):\n    return f\"Good morning, {name or 'stranger'}!\"",
]
TAGS = "python flask sql tea choir garden reading bread maps release testing html css help"
TAGS = f"{TAGS} show night-shift accessibility travel".replace("night-shift", "night_shift").split()


def post(names):
    """Return a post; it may mention one of these names."""
    parts = [f"{random.choice(OPENINGS).format(random.choice(SUBJECTS))} {sentences(0, 2)}".strip()]
    if random.random() < 0.4:
        parts.append(sentences(1, 3))
    if random.random() < 0.15:
        parts.append("\n".join(f"- {point}" for point in random.sample(POINTS, 3)))
    if random.random() < 0.15:
        parts.append(f"```\n{random.choice(CODE)}\n```")
    last = [f"@{random.choice(names)}, what do you think?"] if random.random() < 0.15 else []
    if random.random() < 0.5:
        last += [f"#{tag}" for tag in random.sample(TAGS, random.randint(1, 3))]
    if last:
        parts.append(" ".join(last))
    return "\n\n".join(parts)


def comment(author):
    """Return an answer to what somebody has written."""
    text = random.choice(ANSWERS)
    if random.random() < 0.2:
        text = f"@{author} {text}"
    if random.random() < 0.15:
        text = f"> {random.choice(MIDDLES)}\n\n{text}"
    return f"{text} {sentences(0, 1)}".strip()


def sentences(least, most):
    return " ".join(random.sample(MIDDLES, random.randint(least, most)))
