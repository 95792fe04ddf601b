"""What every loss shares: inputs, domains, streaming, reduction, traits."""
