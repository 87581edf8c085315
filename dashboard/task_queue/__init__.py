"""task_queue"""
