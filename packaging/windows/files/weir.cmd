@"%~dp0node.exe" "%~dp0bin\weir.js" %*
