"""Sends a file by smtplib: port, sender, file, recipients."""
import smtplib
import sys

port, sender, path, *recipients = sys.argv[1:]
with open(path, "rb") as file:
    content = file.read()
with smtplib.SMTP("127.0.0.1", int(port), local_hostname="peer.example") as client:
    refused = client.sendmail(sender, recipients, content)
sys.exit(1 if refused else 0)
