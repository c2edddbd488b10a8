import jakarta.mail.Address;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.io.FileInputStream;
import java.util.Properties;

/** Sends a file by Jakarta Mail: port, sender, file, recipients. */
public class Send {
  public static void main(String[] args) throws Exception {
    Properties settings = new Properties();
    settings.put("mail.smtp.host", "127.0.0.1");
    settings.put("mail.smtp.port", args[0]);
    settings.put("mail.smtp.localhost", "peer.example");
    settings.put("mail.smtp.from", args[1]);
    settings.put("mail.smtp.allow8bitmime", "true");
    Session session = Session.getInstance(settings);
    Address[] recipients = new Address[args.length - 3];
    for (int i = 3; i < args.length; i++) recipients[i - 3] = new InternetAddress(args[i]);
    try (FileInputStream file = new FileInputStream(args[2]);
        Transport transport = session.getTransport("smtp")) {
      transport.connect();
      transport.sendMessage(new MimeMessage(session, file), recipients);
    }
  }
}
