"""The requests of the demo, as customers of a fictional backup appliance would write them. Data only."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DemoRequest:
    """A request as its writer would fill in the form; `who` is a key of the demo's cast."""

    who: str
    subject: str
    text: str
    log_name: str = ""
    log: str = ""


REQUESTS = [
    DemoRequest(
        who="customer",
        subject="Backup of the front desk stops every night",
        text=(
            "Hi,\n\nsince Monday the nightly backup of our front desk computer stops right at the start. We had a "
            "power cut on Sunday evening, maybe that has to do with it. The other two computers are fine. "
            "I attached the log that the box offered me. What can we do?\n\nThanks, Cora"
        ),
        log_name="holdfast-front-desk.log",
        log=(
            "2026-11-16T20:00:01Z INFO  holdfastd[812]: job nightly for FRONT-DESK started\n"
            "2026-11-16T20:00:01Z INFO  holdfastd[812]: vault /vaults/corner opened, 412 GB free\n"
            "2026-11-16T20:00:02Z WARN  holdfastd[812]: waiting for session 7f3a (last seen 2026-11-15T20:41:12Z)\n"
            "2026-11-16T20:00:03Z ERROR holdfastd[812]: HF-2104: vault is locked by another session\n"
            "2026-11-16T20:00:03Z ERROR holdfastd[812]: job nightly for FRONT-DESK aborted: exit code 11\n"
            "2026-11-17T20:00:01Z INFO  holdfastd[812]: job nightly for FRONT-DESK started\n"
            "2026-11-17T20:00:03Z ERROR holdfastd[812]: HF-2104: vault is locked by another session\n"
            "2026-11-17T20:00:03Z ERROR holdfastd[812]: job nightly for FRONT-DESK aborted: exit code 11\n"
        ),
    ),
    DemoRequest(
        who="customer",
        subject="HF-5103 after the box was moved",
        text=(
            'We moved the box to the new shop and now every computer says "HF-5103 certificate has expired or is not '
            'yet valid". Nothing has been backed up since yesterday. Is our data safe?'
        ),
    ),
    DemoRequest(
        who="customer",
        subject="VAT number on the invoice",
        text=(
            "Hello, our VAT number changed when we became a limited company. Where do I put the new one, and can I get "
            "the invoice of October again with the right number? Our accountant needs it by Friday."
        ),
    ),
    DemoRequest(
        who="customer",
        subject="Conflict copies everywhere",
        text=(
            'In the shared folder "Orders" there are suddenly eleven files with "conflict copy" in their name. Which '
            "one is the right one? Can I delete the others?"
        ),
    ),
    DemoRequest(
        who="customer",
        subject="Does the box work with solar power?",
        text=(
            "We are putting panels on the roof and will have a battery in the cellar. Has anybody run the box from "
            "such a system? I am asking before we buy the inverter."
        ),
    ),
    DemoRequest(
        who="clinic",
        subject="Second vault for the radiology images",
        text=(
            "Dear Ines,\n\nas discussed on the phone we would like to plan a second vault for radiology, about 40 TB, "
            "with seven years of retention. Two of the image servers report HF-5110 from time to time when they are "
            "under load. Can we talk about both next week?\n\nBest regards\nHugo Lindqvist"
        ),
    ),
    DemoRequest(
        who="customer",
        subject="Sync on the Linux workstation gave up",
        text=(
            "The sync client on our Linux workstation stopped with the message in the log. "
            "The folder has about 300,000 small files."
        ),
        log_name="holdfast-sync.log",
        log=(
            "Nov 19 08:12:44 studio holdfast-sync[2210]: scanning /srv/share: 301882 files in 41230 folders\n"
            "Nov 19 08:13:10 studio holdfast-sync[2210]: ERROR HF-3012: cannot watch folder, limit reached\n"
            "Nov 19 08:13:10 studio holdfast-sync[2210]: sync paused\n"
        ),
    ),
]
