# Sends a file by Net::SMTP: port, sender, file, recipients.
require "net/smtp"

port, sender, path, *recipients = ARGV
client = Net::SMTP.new("127.0.0.1", Integer(port))
client.disable_starttls if client.respond_to?(:disable_starttls)
client.start(helo: "peer.example") { |smtp| smtp.send_message(File.binread(path), sender, *recipients) }
