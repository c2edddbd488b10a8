# Sends a file by Net::SMTP: port, sender, file, recipients.
use strict;
use warnings;
use Net::SMTP;

my ($port, $sender, $path, @recipients) = @ARGV;
my $smtp = Net::SMTP->new("127.0.0.1", Port => $port, Hello => "peer.example", Timeout => 30) or die "connect: $@";
$smtp->mail($sender) or die "MAIL: " . $smtp->message;
$smtp->to(@recipients) or die "RCPT: " . $smtp->message;
$smtp->data or die "DATA: " . $smtp->message;
open my $file, "<:raw", $path or die "$path: $!";
while (my $line = <$file>) { $smtp->datasend($line) or die "content: " . $smtp->message }
$smtp->dataend or die "end: " . $smtp->message;
$smtp->quit;
